import type { PageTexts } from './page-texts.en.js';

export const es: PageTexts = {
  pages: {
    verify_email: {
      heading: 'Confirme su dirección de correo',
      lead: 'Pulse el botón para confirmar que esta dirección de correo es suya.',
      leadWithoutToken: 'Introduzca su dirección de correo y el código del mensaje.',
      button: 'Confirmar dirección',
      done: {
        heading: 'Su dirección de correo está confirmada',
        text: ['Puede cerrar esta página y volver a la aplicación.'],
      },
      again: 'Inicie sesión y solicite un correo nuevo.',
    },
    forgot_password: {
      heading: '¿Olvidó su contraseña?',
      lead: 'Introduzca su dirección de correo o su nombre de usuario. Recibirá un correo con un enlace para elegir una contraseña nueva.',
      button: 'Enviar correo',
      done: {
        heading: 'Revise su correo',
        text: [
          'Si existe una cuenta con este nombre y tiene una dirección de correo, el mensaje está en camino. Abra su enlace para elegir una contraseña nueva.',
          '¿No llega nada en unos minutos? Mire en la carpeta de correo no deseado, o compruebe lo que introdujo e inténtelo de nuevo.',
        ],
      },
      again: 'Solicite otro correo.',
    },
    reset_password: {
      heading: 'Elija una contraseña nueva',
      lead: 'Después se cerrará la sesión de su cuenta en todos los dispositivos.',
      leadWithoutToken:
        'Introduzca su dirección de correo, el código del mensaje y una contraseña nueva. Después se cerrará la sesión en todos los dispositivos.',
      button: 'Guardar contraseña nueva',
      done: {
        heading: 'Su contraseña se ha cambiado',
        text: ['Se cerró la sesión en todos los dispositivos. Ya puede iniciar sesión con la contraseña nueva.'],
      },
      again: 'Solicite un correo nuevo para elegir una contraseña.',
    },
    confirm_email: {
      heading: 'Confirme su nueva dirección de correo',
      lead: 'Pulse el botón para usar esta dirección de correo en su cuenta. Se avisará a la dirección anterior.',
      button: 'Confirmar nueva dirección',
      done: {
        heading: 'Su dirección de correo se ha cambiado',
        text: ['Los correos sobre su cuenta llegan ahora a la nueva dirección. Puede cerrar esta página.'],
      },
      again: 'Inicie sesión y cambie de nuevo su dirección de correo.',
    },
    undo_email_change: {
      heading: 'Deshacer el cambio de su dirección de correo',
      lead: 'Su cuenta recuperará la dirección de correo anterior y se cerrará la sesión en todos los dispositivos.',
      button: 'Deshacer el cambio',
      done: {
        heading: 'El cambio se ha deshecho',
        text: [
          'Su cuenta tiene de nuevo la dirección de correo anterior y se cerró la sesión en todos los dispositivos.',
          'Está en camino a esa dirección un correo con un enlace para elegir una contraseña nueva.',
        ],
      },
      again: 'Si ya no puede usar su cuenta, póngase en contacto con quien gestiona este servicio.',
    },
    sign_in: {
      heading: 'Iniciar sesión',
      lead: 'Pulse el botón para iniciar sesión en este dispositivo. Si no solicitó el correo, cierre esta página.',
      leadWithoutToken: 'Introduzca su dirección de correo y el código del mensaje.',
      button: 'Iniciar sesión',
      done: { heading: 'Ha iniciado sesión', text: ['Puede cerrar esta página y volver a la aplicación.'] },
      again: 'Solicite un correo nuevo donde quiera iniciar sesión.',
    },
    second_factor: {
      heading: 'Introduzca un código',
      lead: 'Su cuenta está protegida con un segundo factor. Introduzca el código de su aplicación de autenticación o un código de recuperación.',
      button: 'Iniciar sesión',
      done: { heading: 'Ha iniciado sesión', text: ['Puede cerrar esta página y volver a la aplicación.'] },
      again: 'Inicie sesión de nuevo.',
    },
  },
  fields: {
    login: { label: 'Dirección de correo o nombre de usuario' },
    email: { label: 'Dirección de correo' },
    code: { label: 'Código', hint: 'Ocho letras y cifras, como BCDF‑2345.' },
    new_password: { label: 'Contraseña nueva', hint: 'Al menos {minimum} caracteres. Se permiten espacios.' },
    second_factor: {
      label: 'Código',
      hint: 'Seis cifras de la aplicación, o un código de recuperación como ABCDEF‑GHJKLM‑NPQRST‑UVWXYZ.',
    },
  },
  problems: {
    code_invalid: {
      heading: 'Este enlace no funciona',
      text: ['Ya se usó, lo reemplazó un correo más reciente o le falta una parte.'],
    },
    code_expired: {
      heading: 'Este enlace ha caducado',
      text: ['Los enlaces de los correos solo funcionan durante un tiempo limitado.'],
    },
    mfa_token_invalid: {
      heading: 'Este inicio de sesión ha caducado',
      text: ['El código puede introducirse durante cinco minutos y como máximo cinco veces.'],
    },
    second_factor_required: {
      heading: 'Inicie sesión con la aplicación',
      text: [
        'Su cuenta está protegida con una llave de acceso. Esta página no puede usarla: inicie sesión con la aplicación.',
      ],
    },
    enrolment_required: {
      heading: 'Inicie sesión con la aplicación',
      text: [
        'Este servicio exige un segundo factor y su cuenta aún no tiene ninguno. Inicie sesión con la aplicación para configurarlo.',
      ],
    },
    too_many_requests: {
      heading: 'Demasiados intentos',
      text: ['Espere {wait}, vuelva atrás e inténtelo de nuevo.'],
    },
    unavailable: {
      heading: 'El servicio no está disponible',
      text: ['Es un problema temporal del servicio. Espere {wait}, vuelva atrás e inténtelo de nuevo.'],
    },
    csrf_failed: {
      heading: 'Otro sitio envió esta petición',
      text: ['Por su seguridad, no se inició sesión. Abra el enlace del correo y pulse el botón de esa página.'],
    },
  },
  otherProblem: 'Vuelva atrás e inténtelo de nuevo.',
  checkFields: 'Revise los campos marcados.',
  wrongCode:
    'La dirección de correo o el código no es correcto, o el código ya se usó. Después de cinco códigos incorrectos, solicite un correo nuevo.',
  wrongSecondFactor:
    'El código es incorrecto o ya se usó. Después de cinco códigos incorrectos, inicie sesión de nuevo.',
  expiredCode: 'Este código ha caducado. Solicite un correo nuevo.',
  required: 'Rellene este campo.',
  errorPrefix: 'Error: ',
  newLink: 'Solicitar un correo nuevo',
  withCode: 'Tengo un código',
  otherLanguage: 'English',
};
